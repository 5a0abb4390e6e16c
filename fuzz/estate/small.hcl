environment "production" {}
host "this" {
  environment = "production"
  ports       = ["22/tcp", 443]
}
endpoint "localhost:8200" {
  host = "this"
  own  = true
}
allow "endpoint:localhost:5432" {
  reason = "tests"
}
