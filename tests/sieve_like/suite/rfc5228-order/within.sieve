require "ihave";
if frop ihave "fileinto" { # 1
	fileinto "x"; # 2
}
