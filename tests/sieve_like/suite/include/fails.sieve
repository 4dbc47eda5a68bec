require ["include", "fileinto"];
fileinto "A";
include "fails";
