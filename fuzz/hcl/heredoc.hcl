a = <<E
x
E
b = "\u00e4\U0001f600\n" // c
/* d */ "e" = null
