require ["fileinto", "vnd.example.nonsense"];
keep;
