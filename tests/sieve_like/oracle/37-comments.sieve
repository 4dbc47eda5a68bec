/* a comment
 keep; */ require /* here */ "fileinto"; # end
if # inside
  true { /**/ fileinto "x"; }
