require "include";
global "a";
