require "include";
include "wrong";
include "counts";
