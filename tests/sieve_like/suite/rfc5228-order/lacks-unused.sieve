require ["extracttext"];
