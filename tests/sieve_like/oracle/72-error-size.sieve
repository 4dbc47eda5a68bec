if size 10K { keep; }
