/* The planted account: a bucket without encryption, another whose settings nobody may read, an owner without second factor, a key that may make users. */
#include "collect/source_other.h"
#include "collect/source_run.h"

#include <string.h>

enum { REPLY_MAX_BYTES = 64 << 10 };

#define XML "<?xml version=\"1.0\"?>"

static const struct {
    const char *target;
    unsigned status;
    const char *body;
} answers[] = {
    {"/", 200, XML "<ListAllMyBucketsResult><Buckets><Bucket><Name>planted</Name></Bucket><Bucket><Name>planted-closed</Name></Bucket></Buckets></ListAllMyBucketsResult>"},
    {"/planted?location=&max-keys=0", 200, XML "<LocationConstraint>eu-central-1</LocationConstraint>"},
    {"/planted?encryption=&max-keys=0", 404, XML "<Error><Code>ServerSideEncryptionConfigurationNotFoundError</Code></Error>"},
    {"/planted?max-keys=0&versioning=", 200, XML "<VersioningConfiguration/>"},
    {"/planted-closed?location=&max-keys=0", 200, XML "<LocationConstraint/>"},
    {"/planted-closed?encryption=&max-keys=0", 403, XML "<Error><Code>AccessDenied</Code></Error>"},
    {"/?Action=GenerateCredentialReport&Version=2010-05-08", 200,
     XML "<GenerateCredentialReportResponse><GenerateCredentialReportResult><State>COMPLETE</State></GenerateCredentialReportResult></GenerateCredentialReportResponse>"},
    /* user,arn,password_enabled,mfa_active,password_last_used,user_creation_time / planted,arn:aws:iam::1:user/planted,true,false,N/A,2020-01-01T00:00:00+00:00 */
    {"/?Action=GetCredentialReport&Version=2010-05-08", 200,
     XML "<GetCredentialReportResponse><GetCredentialReportResult><Content>"
         "dXNlcixhcm4scGFzc3dvcmRfZW5hYmxlZCxtZmFfYWN0aXZlLHBhc3N3b3JkX2xhc3RfdXNlZCx1c2VyX2NyZWF0aW9uX3RpbWUKcGxhbnRlZCxhcm46YXdzOmlhbTo6MTp1c2VyL3BsYW50ZWQsdHJ1ZSxmYWxzZSxOL0Es"
         "MjAyMC0wMS0wMVQwMDowMDowMCswMDowMAo=</Content></GetCredentialReportResult></GetCredentialReportResponse>"},
    {"/?Action=GetCallerIdentity&Version=2011-06-15", 200,
     XML "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::1:root</Arn><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"},
};

static enum err ask_planted(void *context, const struct http_request *request, struct http_reply *ret_reply, struct complaint *complaint)
{
    struct source_address address;
    struct http_reply reply = {404, BUF_INIT(REPLY_MAX_BYTES), BUF_INIT(request->reply_max_bytes)};
    const char *body = XML "<Error><Code>NoSuchConfiguration</Code></Error>";
    bool is_signed = false;
    (void)context;
    for (const char *const *header = request->headers; *header != NULL; header++) {
        is_signed = is_signed || strncmp(*header, "Authorization: AWS4-HMAC-SHA256 Credential=planted/", 51) == 0;
    }
    if (source_address_read(slice_string(request->url), &address) != ERR_NONE) {
        return complain(complaint, ERR_INVALID, TEXT("no address", "keine Adresse"), 0, 0, NULL, 0);
    }
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        if (slice_is(address.target, answers[i].target)) {
            reply.status = answers[i].status;
            body = answers[i].body;
        }
    }
    reply.status = is_signed ? reply.status : 403;
    enum err err = buf_append_string(&reply.body, body);
    if (err != ERR_NONE) {
        http_reply_free(&reply);
        return err;
    }
    *ret_reply = reply;
    return ERR_NONE;
}

const struct source_wire s3_planted = {ask_planted, NULL};
