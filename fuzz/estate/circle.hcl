host "a" {
  host = "b"
}
host "b" {
  host = "a"
}
