require "reject";
reject text:
We do not take this.
..
Sorry.
.
;
