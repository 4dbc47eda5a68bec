require "include";
include "pitfall-nowhere";
