require ["include", "fileinto"];
include "requires";
