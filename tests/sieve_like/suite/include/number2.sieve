require "include";
include "counts";
include "inner";
include "counts";
