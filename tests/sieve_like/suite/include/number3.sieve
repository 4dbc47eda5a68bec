require "include";
include "counts";
include "inner";
include "deep3";
