environment "prod" {
  host "web-1" "eu" {
    address = "192.0.2.1"
    note = <<-EOT
      Größe
        tief $${x}
    EOT
    on = true
  }
  empty {}
}
