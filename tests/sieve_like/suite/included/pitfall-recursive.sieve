require "include";
include "pitfall-recursive";
