" Made from the tables of the language by `make generated`: not to be changed by hand.
autocmd BufRead,BufNewFile *.sieve,*.siv,*.svtest setfiletype sieve
