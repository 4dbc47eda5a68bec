require "include";
include "nobody";
include :global "nobody";
include :optional "nobody";
