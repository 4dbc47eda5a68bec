" Made from the tables of the language by `make generated`: not to be changed by hand.
if exists("b:did_ftplugin")
  finish
endif
let b:did_ftplugin = 1
setlocal commentstring=#\ %s expandtab shiftwidth=4 softtabstop=4
setlocal makeprg=sieve-like\ check\ --format\ gcc\ %:S
setlocal errorformat=%f:%l:%c:\ %trror:\ %m,%f:%l:%c:\ %tarning:\ %m
if executable("sieve-like")
  setlocal formatprg=sieve-like\ fmt\ -
endif
let b:undo_ftplugin = "setlocal commentstring< expandtab< shiftwidth< softtabstop<"
  \ . " makeprg< errorformat< formatprg<"
