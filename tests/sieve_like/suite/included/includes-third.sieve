require "include";
include "third";
