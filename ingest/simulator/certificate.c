#include "ingest/simulator/certificate.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

enum { VALID_S = 30 * 24 * 3600, EARLY_S = 24 * 3600 };

static bool
add_extension (X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx (&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid (NULL, &context, nid, value);
    bool is_added = extension && X509_add_ext (certificate, extension, -1) == 1;
    X509_EXTENSION_free (extension);
    return is_added;
}

static bool
set_serial (X509 *certificate)
{
    unsigned char bytes[8];
    if (RAND_bytes (bytes, sizeof bytes) != 1)
        return false;
    bytes[0] &= 0x7f;
    BIGNUM *number = BN_bin2bn (bytes, sizeof bytes, NULL);
    bool is_set = number && BN_to_ASN1_INTEGER (number, X509_get_serialNumber (certificate));
    BN_free (number);
    return is_set;
}

//  A certificate without extensions and signature.
static X509 *
draft (const char *name, EVP_PKEY *key, X509 *issuer)
{
    X509 *self = X509_new ();
    if (!self)
        return NULL;
    X509_NAME *subject = X509_get_subject_name (self);
    bool is_good = X509_set_version (self, 2) == 1 && set_serial (self) &&
                   X509_gmtime_adj (X509_getm_notBefore (self), -EARLY_S) &&
                   X509_gmtime_adj (X509_getm_notAfter (self), VALID_S) &&
                   X509_NAME_add_entry_by_txt (subject, "CN", MBSTRING_ASC, (const unsigned char *) name, -1,
                                               -1, 0) == 1 &&
                   X509_set_issuer_name (self, issuer ? X509_get_subject_name (issuer) : subject) == 1 &&
                   X509_set_pubkey (self, key) == 1;
    if (is_good)
        return self;
    X509_free (self);
    return NULL;
}

static bool
write_pem (const char *path, int mode, X509 *first, X509 *second, EVP_PKEY *key)
{
    (void) unlink (path);
    int fd = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    FILE *file = fd < 0 ? NULL : fdopen (fd, "w");
    if (!file) {
        if (fd >= 0)
            close (fd);
        return false;
    }
    bool is_written = (!first || PEM_write_X509 (file, first) == 1) &&
                      (!second || PEM_write_X509 (file, second) == 1) &&
                      (!key || PEM_write_PrivateKey (file, key, NULL, NULL, 0, NULL, NULL) == 1);
    return (fclose (file) == 0) && is_written;
}

int
certificate_make (certificate_t *self, const char *folder, error_text_t *error)
{
    int sizes[] = {snprintf (self->ca_path, sizeof self->ca_path, "%s/ca.pem", folder),
                   snprintf (self->chain_path, sizeof self->chain_path, "%s/server.pem", folder),
                   snprintf (self->key_path, sizeof self->key_path, "%s/server.key", folder)};
    for (int i = 0; i < 3; i++)
        if (sizes[i] < 0 || sizes[i] >= CERTIFICATE_PATH_MAX)
            return error_set (error, E_CONFIG, "folder name %s is too long", folder);
    EVP_PKEY *ca_key = EVP_EC_gen ("P-256"), *key = EVP_EC_gen ("P-256");
    X509 *ca = ca_key ? draft ("Leadline simulator authority", ca_key, NULL) : NULL;
    X509 *server = key && ca ? draft ("localhost", key, ca) : NULL;
    bool is_made = server && add_extension (ca, ca, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                   add_extension (ca, ca, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                   add_extension (ca, ca, NID_subject_key_identifier, "hash") &&
                   X509_sign (ca, ca_key, EVP_sha256 ()) > 0 &&
                   add_extension (server, ca, NID_basic_constraints, "critical,CA:FALSE") &&
                   add_extension (server, ca, NID_key_usage, "critical,digitalSignature") &&
                   add_extension (server, ca, NID_ext_key_usage, "serverAuth") &&
                   add_extension (server, ca, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1") &&
                   add_extension (server, ca, NID_authority_key_identifier, "keyid") &&
                   X509_sign (server, ca_key, EVP_sha256 ()) > 0;
    bool is_written = is_made && write_pem (self->ca_path, 0644, ca, NULL, NULL) &&
                      write_pem (self->chain_path, 0644, server, ca, NULL) &&
                      write_pem (self->key_path, 0600, NULL, NULL, key);
    X509_free (server);
    X509_free (ca);
    EVP_PKEY_free (key);
    EVP_PKEY_free (ca_key);
    if (!is_made)
        return error_set (error, E_IO, "the certificate could not be made");
    return is_written ? OK : error_set (error, E_IO, "the certificate could not be written into %s", folder);
}
