require "ihave";
if ihave ["fileinto", "copy"] {
	fileinto :copy "A";
}
fileinto "B";
