require ["include", "variables"];
include;
include 1;
include ["counts"];
include "${name}";
include "a/b";
include :personal :global "counts";
include "";
return 1;
