require "include";
include :optional "pitfall-nowhere";
