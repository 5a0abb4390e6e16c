measure "infra.images" {
  number     = 14
  section    = "5"
  title      = { en = "Containers with minimal images", de = "Container mit minimalen Images" }
  runs       = { en = "Budgets for images, advice on rebuilding.", de = "Budgets für Images, Rat zum Neubau." }
  proves     = { en = "Every running container: image known by digest, within its budget of size and packages, not as root, no socket of the engine.", de = "Jeder laufende Container: Image per Digest bekannt, im Budget an Größe und Paketen, nicht als root, kein Socket der Engine." }
  frameworks = { iso27001 = ["8.9"], gdpr = ["32(1)(b)"], nis2 = ["21(2)(e)"] }
  sure       = ["container*|docker|podman|kubernetes|dokploy + image|images|deploy*|betrieb*|betrieben|run|runs|root|minimal*|isolier*|isolat*|packages|anwendung*|dienst*|service", "minimal image|minimale images|minimalen images|base image|basis-image|basisimage|container image|container-image|containerimage|docker image|docker-image|distroless|slim image", "dokploy", "images|image + minim*|nötigste*|nötige|nur|only|stripped|reduced|reduziert*|necessary|unnecessary|needed|benötigt*|klein*|small|slim|schlank* + container*|package*|paket*|software|workload*|base"]
  likely     = ["docker|containerisier*|containeris*|containeriz*|containergestützt*|container", "image|images + minimal*|klein*|small|hardened|gehärtet*|schlank*|slim|signed|signiert*"]
  hint       = ["deployment|deployments", "image|images"]
  not        = ["bild*|photo|foto", "scan*", "segment*|staging", "log|logs|protokoll*"]
  promise "containers" {
    title = { en = "services run in containers of known images", de = "Dienste laufen in Containern bekannter Images" }
    sure  = ["container*|docker|podman|kubernetes|dokploy"]
    observation "container.image-known" {
      subject = "container"
      max_age = "24h"
      probe   = "docker"
    }
  }
  promise "minimal" {
    title = { en = "images are minimal", de = "Images sind minimal" }
    sure  = ["minimal*|slim|schlank*|distroless|hardened|gehärtet*|small|klein*|base image|basis-image|basisimage|only packages|nur benötigt*", "nötigste*|nötige|stripped|reduziert*|reduced|unnecessary|necessary"]
    observation "container.image-budget" {
      subject = "container"
      max_age = "24h"
      probe   = "docker"
    }
  }
  promise "unprivileged" {
    title = { en = "containers do not run as root, nor with what makes them root of the host", de = "Container laufen nicht als root und haben nichts, was sie zu root des Hosts macht" }
    sure  = ["root|rootless|unprivileg*|non-root|nicht privilegiert*"]
    observation "container.not-root" {
      subject = "container"
      max_age = "24h"
      probe   = "docker"
    }
    observation "container.engine-socket" {
      subject = "container"
      max_age = "24h"
      probe   = "docker"
    }
    observation "container.capabilities" {
      subject = "container"
      max_age = "24h"
      probe   = "docker"
    }
  }
}
