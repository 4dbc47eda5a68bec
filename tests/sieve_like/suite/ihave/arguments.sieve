require "ihave";
if ihave { keep; }
if ihave 1 { keep; }
if ihave :frop "fileinto" { keep; }
error;
error 1;
