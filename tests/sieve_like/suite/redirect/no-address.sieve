require ["vacation", "enotify"];

redirect "team: bob@example.org;";
redirect "<@relay.example.org:bob@example.org>";
redirect "@relay.example.org:bob@example.org";
redirect "bob@example.org,";
redirect "Bob, Team <bob@example.org>";
redirect "<>";
vacation :from "team: bob@example.org;" "x";
vacation :from "<@relay.example.org:bob@example.org>" "x";
notify :from "team: bob@example.org;" "mailto:bob@example.org";
redirect "\"Bob, Team\" <bob@example.org>";
redirect "bob@example.org (Bob)";
