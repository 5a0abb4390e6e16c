#include "roles/gate.h"

struct metric {
    const char *name, *type, *help;
    uint64_t value;
};

static enum err put_requests(const struct gate *gate, struct buf *out)
{
    enum err err = buf_append_string(
        out, "# HELP vogt_gate_requests_total Requests answered, by class of status.\n"
             "# TYPE vogt_gate_requests_total counter\n");
    for (unsigned class = 2; class < 6 && err == ERR_NONE; class ++) {
        err = buf_printf(out, "vogt_gate_requests_total{gate=\"%llu\",class=\"%uxx\"} %llu\n",
                         (unsigned long long)gate->start.index, class,
                         (unsigned long long)gate->counters.requests[class]);
    }
    return err;
}

/* Text format 0.0.4. Each gate tells its own figures: the label says whose they are. */
enum err gate_metrics_put(const struct gate *gate, struct buf *out)
{
    const struct counters *counters = &gate->counters;
    const struct metric metrics[] = {
        {"connections_open", "gauge", "Connections open now.", gate->link_count},
        {"connections_total", "counter", "Connections accepted.", counters->connections},
        {"connections_refused_total", "counter", "Connections refused by a limit.",
         counters->refused_connections},
        {"connections_expired_total", "counter", "Connections ended at their deadline.",
         counters->expired_connections},
        {"handshakes_total", "counter", "TLS handshakes signed.", counters->handshakes},
        {"signatures_failed_total", "counter", "TLS handshakes without a signature.",
         counters->failed_signatures},
        {"client_certificates_refused_total", "counter",
         "Client certificates that did not verify.", counters->refused_certificates},
        {"received_bytes_total", "counter", "Bytes of request bodies.", counters->received_bytes},
        {"sent_bytes_total", "counter", "Bytes of reply bodies.", counters->sent_bytes},
        {"buffered_bytes", "gauge", "Bytes of bodies and replies held now.", gate->buffered_bytes},
        {"waiting_requests", "gauge", "Requests that wait for keep now.", gate->waiting_count},
    };
    enum err err =
        out->len > 0 && out->data[out->len - 1] != '\n' ? buf_append_byte(out, '\n') : ERR_NONE;
    for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]) && err == ERR_NONE; i++) {
        err = buf_printf(
            out,
            "# HELP vogt_gate_%s %s\n# TYPE vogt_gate_%s %s\nvogt_gate_%s{gate=\"%llu\"} %llu\n",
            metrics[i].name, metrics[i].help, metrics[i].name, metrics[i].type, metrics[i].name,
            (unsigned long long)gate->start.index, (unsigned long long)metrics[i].value);
    }
    return err == ERR_NONE ? put_requests(gate, out) : err;
}
