/* Transit: what the engine answers to, and the settings of a mount. */
#include "secrets/transit.h"

#include <string.h>

/* Encrypting with a key that does not exist makes it: policies see that as create. All else is update. */
static enum err exists(struct turn *turn)
{
    bool is_encrypt = strcmp(turn->route->pattern, "encrypt/:name") == 0;
    if (!is_encrypt) {
        return ERR_NONE;
    }
    return transit_name_is_good(turn->values[0]) ? turn_exists(turn, transit_key_path(turn, turn->values[0])) : ERR_NOT_FOUND;
}

/* ---- settings ---- */

enum err operation_transit_settings_read(struct turn *turn)
{
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_bool(turn->arena, data, "disable_upsert", json_bool(mount_settings(turn->mount), "disable_upsert", false));
    return turn_reply_data(turn, data);
}

static enum err put_setting(struct turn *turn, const char *name, struct json *value)
{
    return value == NULL ? ERR_MEMORY : mount_put_settings(turn, secrets_with(turn, mount_settings(turn->mount), name, value));
}

enum err operation_transit_settings_write(struct turn *turn)
{
    bool wanted = json_bool(turn->request->body, "disable_upsert", json_bool(mount_settings(turn->mount), "disable_upsert", false));
    enum err err = put_setting(turn, "disable_upsert", json_boolean(turn->arena, wanted));
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    return err == ERR_NONE ? turn_reply_data(turn, json_set_bool(turn->arena, data, "disable_upsert", wanted) == NULL ? NULL : data) : err;
}

/* Vogt keeps no keys between requests, so the size changes nothing; clients that set one read it again. */
enum err operation_transit_cache_read(struct turn *turn)
{
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    uint64_t size = 0;
    enum err err = json_u64(mount_settings(turn->mount), "cache_size", &size);
    json_set_u64(turn->arena, data, "size", err == ERR_NONE ? size : 0);
    return turn_reply_data(turn, data);
}

enum err operation_transit_cache_write(struct turn *turn)
{
    uint64_t size = 0;
    enum err err = json_u64(turn->request->body, "size", &size);
    if ((err != ERR_NONE && err != ERR_NOT_FOUND) || (size > 0 && size < 10)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("size must be 0 or a value greater or equal to 10", "size ist 0 oder mindestens 10"), SLICE_NONE);
    }
    err = put_setting(turn, "cache_size", json_number_u64(turn->arena, size));
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* ---- the engine ---- */

#define BATCH F(batch_input, FIELD_ANY, FIELD_SECRET, "Several at once: a list of objects with the same members.", "Mehrere auf einmal: eine Liste von Objekten mit denselben Feldern."), \
              F(partial_failure_response_code, FIELD_NUMBER, 0, "Status when some items of a batch are refused; else 400.", "Status, wenn einzelne Einträge abgelehnt werden; sonst 400.")
#define CONTEXT F(context, FIELD_STRING, 0, "Base64; needed by derived keys.", "Base64; nötig bei abgeleiteten Schlüsseln.")
#define ASSOCIATED F(associated_data, FIELD_STRING, 0, "Base64; checked too when decrypting, not contained.", "Base64; wird beim Entschlüsseln mitgeprüft, ist nicht enthalten.")
#define KEY_VERSION F(key_version, FIELD_NUMBER, 0, "Version of the key; default: the newest.", "Version des Schlüssels; sonst die neueste.")
#define TYPE F(type, FIELD_STRING, 0, "aes256-gcm96 (default), aes128-gcm96, chacha20-poly1305, ed25519, ecdsa-p256, ecdsa-p384, ecdsa-p521, rsa-2048, rsa-3072, rsa-4096, hmac.", \
               "aes256-gcm96 (Vorgabe), aes128-gcm96, chacha20-poly1305, ed25519, ecdsa-p256, ecdsa-p384, ecdsa-p521, rsa-2048, rsa-3072, rsa-4096, hmac.")
#define INPUT F(input, FIELD_STRING, FIELD_SECRET, "Base64.", "Base64.")
#define ALGORITHM F(algorithm, FIELD_STRING, 0, "sha2-256 (default), sha2-224, sha2-384, sha2-512, sha3-224 to sha3-512.", "sha2-256 (Vorgabe), sha2-224, sha2-384, sha2-512, sha3-224 bis sha3-512.")
#define SIGNING F(hash_algorithm, FIELD_STRING, 0, "sha2-256 (default), sha1, sha2-…, sha3-…, none.", "sha2-256 (Vorgabe), sha1, sha2-…, sha3-…, none."), ALGORITHM, \
                F(prehashed, FIELD_BOOL, 0, "The input is a digest.", "input ist ein Hash."), \
                F(signature_algorithm, FIELD_STRING, 0, "Of RSA: pss (default) or pkcs1v15.", "Bei RSA: pss (Vorgabe) oder pkcs1v15."), \
                F(marshaling_algorithm, FIELD_STRING, 0, "asn1 (default) or jws.", "asn1 (Vorgabe) oder jws."), \
                F(salt_length, FIELD_STRING, 0, "Of PSS: auto (default), hash, or bytes.", "Bei PSS: auto (Vorgabe), hash oder Bytes.")
#define VERIFIED F(signature, FIELD_STRING, 0, "vault:v1:…", "vault:v1:…"), F(hmac, FIELD_STRING, 0, "vault:v1:…", "vault:v1:…")
#define FORMAT F(format, FIELD_STRING, 0, "hex or base64.", "hex oder base64.")
#define BYTES F(bytes, FIELD_NUMBER, 0, "How many; default 32.", "Wie viele; sonst 32.")
#define HASH_FUNCTION F(hash_function, FIELD_STRING, 0, "Of OAEP: SHA256 (default), SHA1, SHA224, SHA384, SHA512.", "Für OAEP: SHA256 (Vorgabe), SHA1, SHA224, SHA384, SHA512.")
#define RESTORE F(backup, FIELD_STRING, FIELD_REQUIRED | FIELD_SECRET, "The backup.", "Die Sicherung."), F(force, FIELD_BOOL, 0, "Replaces a key of the same name.", "Ersetzt einen Schlüssel gleichen Namens.")
#define TRAVEL F(ciphertext, FIELD_STRING, 0, "Base64 of RSA-OAEP of an AES key, then AES-KWP of the key.", "Base64 von RSA-OAEP eines AES-Schlüssels, dann AES-KWP des Schlüssels."), \
               F(public_key, FIELD_STRING, 0, "Instead: only the public part, in PEM.", "Stattdessen: nur der öffentliche Teil, in PEM.")
#define CONVERGENT F(convergent_encryption, FIELD_BOOL, 0, "The same text in the same context gives the same ciphertext; needs derived.", "Derselbe Text im selben Kontext gibt denselben Geheimtext; braucht derived.")
#define EXPORTS F(exportable, FIELD_BOOL, 0, "The key can be exported; cannot be taken back.", "Der Schlüssel lässt sich ausgeben; nicht rücknehmbar."), \
                F(allow_plaintext_backup, FIELD_BOOL, 0, "The key can be backed up in plain; cannot be taken back.", "Der Schlüssel lässt sich im Klartext sichern; nicht rücknehmbar."), \
                F(auto_rotate_period, FIELD_DURATION, 0, "Vogt rotates the key by itself after this time, at least an hour; 0: never.", "So oft wechselt Vogt den Schlüssel von selbst, mindestens eine Stunde; 0: nie.")

static const struct route routes[] = {
    ROUTE(transit_list, VERB_LIST, "keys", 0, NO_FIELDS, "Names of keys.", "Namen der Schlüssel.")
    ROUTE(transit_create, VERB_WRITE, "keys/:name", ROUTE_EFFECT | ROUTE_OPEN_FIELDS,
          FIELDS(TYPE, F(derived, FIELD_BOOL, 0, "A key of its own for each context.", "Je Kontext ein eigener Schlüssel."), CONVERGENT, F(key_size, FIELD_NUMBER, 0, "Bytes of an hmac key, 32 to 512.", "Bytes eines hmac-Schlüssels, 32 bis 512."), EXPORTS),
          "Makes a key; one that exists is left as it is.", "Erzeugt einen Schlüssel; einen vorhandenen lässt es, wie er ist.")
    ROUTE(transit_read, VERB_READ, "keys/:name", 0, NO_FIELDS, "A key, without what is secret of it.", "Ein Schlüssel, ohne was an ihm geheim ist.")
    ROUTE(transit_delete, VERB_DELETE, "keys/:name", ROUTE_EFFECT, NO_FIELDS, "Deletes a key for good, if deletion_allowed.", "Löscht einen Schlüssel endgültig, wenn deletion_allowed.")
    ROUTE(transit_config, VERB_WRITE, "keys/:name/config", ROUTE_EFFECT | ROUTE_OPEN_FIELDS,
          FIELDS(F(min_decryption_version, FIELD_NUMBER, 0, "Older ciphertexts and signatures are refused.", "Ältere Geheimtexte und Signaturen werden abgelehnt."),
                 F(min_encryption_version, FIELD_NUMBER, 0, "Older versions make nothing new; 0: only the newest is the default.", "Ältere Versionen erzeugen nichts Neues; 0: nur die neueste ist Vorgabe."),
                 F(deletion_allowed, FIELD_BOOL, 0, "The key may be deleted.", "Der Schlüssel darf gelöscht werden."), EXPORTS),
          "Changes what may be done with a key.", "Ändert, was mit einem Schlüssel geschehen darf.")
    ROUTE(transit_rotate, VERB_WRITE, "keys/:name/rotate", ROUTE_EFFECT | ROUTE_OPEN_FIELDS, NO_FIELDS, "Gives a key a new version.", "Gibt einem Schlüssel eine neue Version.")
    ROUTE(transit_trim, VERB_WRITE, "keys/:name/trim", ROUTE_EFFECT | ROUTE_OPEN_FIELDS,
          FIELDS(F(min_available_version, FIELD_NUMBER, FIELD_REQUIRED, "Versions before this one are deleted for good.", "Versionen davor werden endgültig gelöscht.")),
          "Deletes old versions of a key.", "Löscht alte Versionen eines Schlüssels.")
    ROUTE(transit_encrypt, VERB_WRITE, "encrypt/:name", ROUTE_EFFECT | ROUTE_OPEN_FIELDS,
          FIELDS(F(plaintext, FIELD_STRING, FIELD_SECRET, "Base64.", "Base64."), CONTEXT, ASSOCIATED, KEY_VERSION, BATCH, TYPE, CONVERGENT),
          "Encrypts; a key that does not exist is made, if the caller may create here.", "Verschlüsselt; einen fehlenden Schlüssel legt es an, wenn der Aufrufer hier anlegen darf.")
    ROUTE(transit_decrypt, VERB_WRITE, "decrypt/:name", ROUTE_SECRET | ROUTE_OPEN_FIELDS, FIELDS(F(ciphertext, FIELD_STRING, 0, "vault:v1:…", "vault:v1:…"), CONTEXT, ASSOCIATED, BATCH), "Decrypts.", "Entschlüsselt.")
    ROUTE(transit_rewrap, VERB_WRITE, "rewrap/:name", ROUTE_EFFECT | ROUTE_OPEN_FIELDS, FIELDS(F(ciphertext, FIELD_STRING, 0, "vault:v1:…", "vault:v1:…"), CONTEXT, ASSOCIATED, KEY_VERSION, BATCH),
          "Encrypts a ciphertext anew under a newer version; the text does not leave.", "Verschlüsselt einen Geheimtext neu mit einer neueren Version; der Text kommt nicht heraus.")
    ROUTE(transit_datakey, VERB_WRITE, "datakey/:plaintext/:name", ROUTE_SECRET | ROUTE_OPEN_FIELDS, FIELDS(CONTEXT, KEY_VERSION, F(bits, FIELD_NUMBER, 0, "128, 256 (default) or 512.", "128, 256 (Vorgabe) oder 512.")),
          "A fresh key for data: encrypted (wrapped), or in plain as well (plaintext).", "Ein frischer Datenschlüssel: verschlüsselt (wrapped) oder auch im Klartext (plaintext).")
    ROUTE(transit_sign, VERB_WRITE, "sign/:name", ROUTE_EFFECT | ROUTE_OPEN_FIELDS, FIELDS(INPUT, SIGNING, CONTEXT, KEY_VERSION, BATCH), "Signs.", "Signiert.")
    ROUTE(transit_sign, VERB_WRITE, "sign/:name/:algorithm", ROUTE_EFFECT | ROUTE_OPEN_FIELDS, FIELDS(INPUT, SIGNING, CONTEXT, KEY_VERSION, BATCH), "Signs with this hash algorithm.", "Signiert mit diesem Hash-Verfahren.")
    ROUTE(transit_verify, VERB_WRITE, "verify/:name", ROUTE_SECRET | ROUTE_OPEN_FIELDS, FIELDS(INPUT, SIGNING, CONTEXT, VERIFIED, BATCH), "Checks a signature or a MAC.", "Prüft eine Signatur oder einen MAC.")
    ROUTE(transit_verify, VERB_WRITE, "verify/:name/:algorithm", ROUTE_SECRET | ROUTE_OPEN_FIELDS, FIELDS(INPUT, SIGNING, CONTEXT, VERIFIED, BATCH), "Checks with this hash algorithm.", "Prüft mit diesem Hash-Verfahren.")
    ROUTE(transit_hmac, VERB_WRITE, "hmac/:name", ROUTE_EFFECT | ROUTE_OPEN_FIELDS, FIELDS(INPUT, ALGORITHM, KEY_VERSION, BATCH), "A MAC.", "Ein MAC.")
    ROUTE(transit_hmac, VERB_WRITE, "hmac/:name/:algorithm", ROUTE_EFFECT | ROUTE_OPEN_FIELDS, FIELDS(INPUT, ALGORITHM, KEY_VERSION, BATCH), "A MAC with this hash algorithm.", "Ein MAC mit diesem Hash-Verfahren.")
    ROUTE(transit_hash, VERB_WRITE, "hash", ROUTE_OPEN_FIELDS, FIELDS(INPUT, ALGORITHM, FORMAT), "A digest.", "Ein Hash.")
    ROUTE(transit_hash, VERB_WRITE, "hash/:algorithm", ROUTE_OPEN_FIELDS, FIELDS(INPUT, ALGORITHM, FORMAT), "A digest.", "Ein Hash.")
    ROUTE(transit_random, VERB_WRITE, "random", ROUTE_SECRET | ROUTE_OPEN_FIELDS, FIELDS(BYTES, FORMAT), "Random bytes.", "Zufällige Bytes.")
    ROUTE(transit_random, VERB_WRITE, "random/:source", ROUTE_SECRET | ROUTE_OPEN_FIELDS, FIELDS(BYTES, FORMAT), "Random bytes: so many, or of this source.", "Zufällige Bytes: so viele, oder aus dieser Quelle.")
    ROUTE(transit_random, VERB_WRITE, "random/:source/:bytes", ROUTE_SECRET | ROUTE_OPEN_FIELDS, FIELDS(BYTES, FORMAT), "Random bytes of a source.", "Zufällige Bytes aus einer Quelle.")
    ROUTE(transit_export, VERB_READ, "export/:type/:name", ROUTE_SECRET, NO_FIELDS, "All versions of an exportable key in plain: encryption-key, signing-key, hmac-key; or public-key.", "Alle Versionen eines ausgebbaren Schlüssels im Klartext: encryption-key, signing-key, hmac-key; oder public-key.")
    ROUTE(transit_export, VERB_READ, "export/:type/:name/:version", ROUTE_SECRET, NO_FIELDS, "One version: its number, or latest.", "Eine Version: ihre Nummer oder latest.")
    ROUTE(transit_byok_export, VERB_READ | VERB_WRITE, "byok-export/:destination/:source", ROUTE_SECRET | ROUTE_OPEN_FIELDS, FIELDS(HASH_FUNCTION), "A key wrapped for another server, whose wrapping key is known here as an RSA key.", "Ein Schlüssel, verpackt für einen anderen Server, dessen wrapping_key hier als RSA-Schlüssel bekannt ist.")
    ROUTE(transit_byok_export, VERB_READ | VERB_WRITE, "byok-export/:destination/:source/:version", ROUTE_SECRET | ROUTE_OPEN_FIELDS, FIELDS(HASH_FUNCTION), "One version of it.", "Eine Version davon.")
    ROUTE(transit_backup, VERB_READ, "backup/:name", ROUTE_EFFECT | ROUTE_SECRET, NO_FIELDS, "A key with all versions in plain, to be restored here or in Vault.", "Ein Schlüssel mit allen Versionen im Klartext, zum Wiederherstellen hier oder in Vault.")
    ROUTE(transit_restore, VERB_WRITE, "restore", ROUTE_EFFECT | ROUTE_OPEN_FIELDS, FIELDS(RESTORE), "Restores a key from a backup.", "Stellt einen Schlüssel aus einer Sicherung wieder her.")
    ROUTE(transit_restore, VERB_WRITE, "restore/:name", ROUTE_EFFECT | ROUTE_OPEN_FIELDS, FIELDS(RESTORE), "Restores it under this name.", "Stellt ihn unter diesem Namen wieder her.")
    ROUTE(transit_wrapping_key, VERB_READ, "wrapping_key", ROUTE_EFFECT, NO_FIELDS, "The RSA key under which keys are wrapped to be imported; made when first asked for.", "Der RSA-Schlüssel, mit dem Schlüssel zum Importieren verpackt werden; entsteht bei der ersten Frage.")
    ROUTE(transit_import, VERB_WRITE, "keys/:name/import", ROUTE_EFFECT | ROUTE_OPEN_FIELDS,
          FIELDS(TRAVEL, HASH_FUNCTION, TYPE, F(derived, FIELD_BOOL, 0, "A key of its own for each context.", "Je Kontext ein eigener Schlüssel."), F(allow_rotation, FIELD_BOOL, 0, "Vogt may make further versions.", "Vogt darf weitere Versionen erzeugen."), EXPORTS),
          "Imports a key of one's own.", "Importiert einen eigenen Schlüssel.")
    ROUTE(transit_import_version, VERB_WRITE, "keys/:name/import_version", ROUTE_EFFECT | ROUTE_OPEN_FIELDS,
          FIELDS(TRAVEL, HASH_FUNCTION, F(version, FIELD_NUMBER, 0, "A version that has only its public part: it gets the private one.", "Eine Version, die nur ihren öffentlichen Teil hat: sie bekommt den geheimen.")),
          "Gives an imported key a new version.", "Gibt einem importierten Schlüssel eine neue Version.")
    ROUTE(transit_settings_read, VERB_READ, "config/keys", 0, NO_FIELDS, "Settings of the mount.", "Einstellungen des Mounts.")
    ROUTE(transit_settings_write, VERB_WRITE, "config/keys", ROUTE_EFFECT | ROUTE_OPEN_FIELDS, FIELDS(F(disable_upsert, FIELD_BOOL, 0, "Encrypting makes no keys.", "Verschlüsseln legt keine Schlüssel an.")),
          "Changes settings of the mount.", "Ändert Einstellungen des Mounts.")
    ROUTE(transit_cache_read, VERB_READ, "cache-config", 0, NO_FIELDS, "The size of a cache that Vogt does not need.", "Die Größe eines Zwischenspeichers, den Vogt nicht braucht.")
    ROUTE(transit_cache_write, VERB_WRITE, "cache-config", ROUTE_EFFECT | ROUTE_OPEN_FIELDS, FIELDS(F(size, FIELD_NUMBER, 0, "0 or at least 10; changes nothing.", "0 oder mindestens 10; ändert nichts.")),
          "Keeps the size for clients that ask.", "Merkt sich die Größe für Clients, die danach fragen.")
};

const struct engine engine_transit = {
    .type = "transit", .class = ENGINE_SECRET, .title = TEXT_INIT("keys used by name (transit)", "Schlüssel, mit Namen benutzt (transit)"),
    .routes = routes, .route_count = sizeof routes / sizeof routes[0], .exists = exists,
};
