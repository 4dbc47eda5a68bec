require ["include", "fileinto"];
fileinto "A";
if true {
	return;
}
fileinto "B";
