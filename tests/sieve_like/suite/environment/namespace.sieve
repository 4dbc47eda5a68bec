require ["variables", "environment", "fileinto"];

fileinto "${env.name}";
