require "ihave";
if ihave "encoded-character" { keep; }
if ihave "variables" { keep; }
