# reads only
path "secret/data/*" {
  capabilities = ["read", "list"]
  min_wrapping_ttl = "1h"
  allowed_parameters = { "*" = [], "n" : [1, 2.5] }
}
