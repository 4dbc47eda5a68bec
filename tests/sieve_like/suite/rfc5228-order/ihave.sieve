if ihave "fileinto" { # 1
	fileinto "x"; # 2
}
error "a"; # 3
