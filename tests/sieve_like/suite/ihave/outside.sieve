require "ihave";
if ihave ["fileinto", "frop"] {
	fileinto "A";
}
fileinto "B";
frop;
if ihave "copy" { redirect :copy "a@example.org"; } else { friep; }
