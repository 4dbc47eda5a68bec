require ["include", "fileinto"];
if true {
	include "stops";
}
fileinto "B";
