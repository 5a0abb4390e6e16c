// The official Go client (github.com/hashicorp/vault/api) against Vogt: VAULT_ADDR, VAULT_CACERT and VAULT_TOKEN (an administrator's) say where.
// Every check says what must hold; ends with "N passed, N failed".
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/api/auth/approle"
	"github.com/hashicorp/vault/api/auth/userpass"
)

var ctx = context.Background()

type check struct {
	name string
	run  func(vault *api.Client) error
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func want(holds bool, format string, values ...any) {
	if !holds {
		panic(fmt.Errorf(format, values...))
	}
}

// status of the HTTP answer behind an error, 0 for none.
func status(err error) int {
	var response *api.ResponseError
	if errors.As(err, &response) {
		return response.StatusCode
	}
	return 0
}

func as(vault *api.Client, token string) *api.Client {
	other, err := vault.Clone()
	must(err)
	other.SetToken(token)
	return other
}

func health(vault *api.Client) error {
	state, err := vault.Sys().Health()
	must(err)
	want(state.Initialized && !state.Sealed && !state.Standby, "%+v", state)
	seal, err := vault.Sys().SealStatus()
	must(err)
	want(!seal.Sealed && strings.Count(seal.Version, ".") == 2, "%+v", seal)
	leader, err := vault.Sys().Leader()
	must(err)
	want(!leader.HAEnabled || leader.IsSelf, "%+v", leader)
	return nil
}

func mounts(vault *api.Client) error {
	must(vault.Sys().Mount("go-kv", &api.MountInput{Type: "kv", Description: "of the test", Options: map[string]string{"version": "2"}}))
	all, err := vault.Sys().ListMounts()
	must(err)
	want(all["go-kv/"] != nil && all["go-kv/"].Options["version"] == "2" && all["go-kv/"].Description == "of the test", "%+v", all["go-kv/"])
	must(vault.Sys().TuneMount("go-kv", api.MountConfigInput{DefaultLeaseTTL: "10h", MaxLeaseTTL: "20h"}))
	config, err := vault.Sys().MountConfig("go-kv")
	must(err)
	want(config.DefaultLeaseTTL == 36000 && config.MaxLeaseTTL == 72000, "%+v", config)
	must(vault.Sys().Mount("go-kv1", &api.MountInput{Type: "kv", Options: map[string]string{"version": "1"}}))
	err = vault.Sys().Mount("go-kv1", &api.MountInput{Type: "kv"})
	want(status(err) == 400 && strings.Contains(err.Error(), "path is already in use"), "mounted twice: %v", err)
	return nil
}

func remount(vault *api.Client) error {
	must(vault.KVv1("go-kv1").Put(ctx, "moved", map[string]any{"a": "b"}))
	must(vault.Sys().Remount("go-kv1", "go-kv1b"))
	secret, err := vault.KVv1("go-kv1b").Get(ctx, "moved")
	must(err)
	want(secret.Data["a"] == "b", "%+v", secret.Data)
	must(vault.Sys().Remount("go-kv1b", "go-kv1"))
	return nil
}

func kv2(vault *api.Client) error {
	kv := vault.KVv2("go-kv")
	for i := 1; i <= 3; i++ {
		written, err := kv.Put(ctx, "app/db", map[string]any{"password": fmt.Sprint("p", i), "port": 5432})
		must(err)
		want(written.VersionMetadata.Version == i, "%+v", written.VersionMetadata)
	}
	newest, err := kv.Get(ctx, "app/db")
	must(err)
	want(newest.Data["password"] == "p3" && fmt.Sprint(newest.Data["port"]) == "5432" && newest.VersionMetadata.Version == 3, "%+v", newest)
	first, err := kv.GetVersion(ctx, "app/db", 1)
	must(err)
	want(first.Data["password"] == "p1", "%+v", first.Data)
	_, err = kv.Put(ctx, "app/db", map[string]any{"x": "y"}, api.WithCheckAndSet(1))
	want(status(err) == 400 && strings.Contains(err.Error(), "check-and-set parameter did not match the current version"), "cas: %v", err)
	_, err = kv.Patch(ctx, "app/db", map[string]any{"more": "yes"})
	must(err)
	patched, err := kv.Get(ctx, "app/db")
	must(err)
	want(patched.Data["more"] == "yes" && patched.Data["password"] == "p3", "%+v", patched.Data)
	must(kv.DeleteVersions(ctx, "app/db", []int{2}))
	deleted, err := kv.GetVersion(ctx, "app/db", 2)
	must(err)
	want(deleted.Data == nil && !deleted.VersionMetadata.DeletionTime.IsZero(), "%+v", deleted)
	must(kv.Undelete(ctx, "app/db", []int{2}))
	must(kv.Destroy(ctx, "app/db", []int{2}))
	versions, err := kv.GetVersionsAsList(ctx, "app/db")
	must(err)
	want(len(versions) == 4 && versions[1].Destroyed, "%+v", versions)
	must(kv.PutMetadata(ctx, "app/db", api.KVMetadataPutInput{MaxVersions: 9, CustomMetadata: map[string]any{"owner": "ops"}}))
	metadata, err := kv.GetMetadata(ctx, "app/db")
	must(err)
	want(metadata.MaxVersions == 9 && metadata.CustomMetadata["owner"] == "ops", "%+v", metadata)
	_, err = kv.Rollback(ctx, "app/db", 1)
	must(err)
	list, err := vault.Logical().List("go-kv/metadata/app")
	must(err)
	want(len(list.Data["keys"].([]any)) == 1, "%+v", list.Data)
	must(kv.DeleteMetadata(ctx, "app/db"))
	_, err = kv.Get(ctx, "app/db")
	want(errors.Is(err, api.ErrSecretNotFound), "after the deletion: %v", err)
	return nil
}

func kv1(vault *api.Client) error {
	kv := vault.KVv1("go-kv1")
	must(kv.Put(ctx, "a", map[string]any{"n": 1.5}))
	secret, err := kv.Get(ctx, "a")
	must(err)
	want(fmt.Sprint(secret.Data["n"]) == "1.5", "%+v", secret.Data)
	must(kv.Delete(ctx, "a"))
	nothing, err := vault.Logical().Read("go-kv1/a")
	want(nothing == nil && err == nil, "nothing is nil without error: %v %v", nothing, err)
	nothing, err = vault.Logical().List("go-kv1/none")
	want(nothing == nil && err == nil, "an empty list is nil without error: %v %v", nothing, err)
	return nil
}

func policies(vault *api.Client) error {
	must(vault.Sys().PutPolicy("go-reader", `path "go-kv/data/*" { capabilities = ["read"] }`))
	text, err := vault.Sys().GetPolicy("go-reader")
	must(err)
	want(strings.Contains(text, "go-kv/data"), "%q", text)
	names, err := vault.Sys().ListPolicies()
	must(err)
	want(strings.Contains(strings.Join(names, " "), "go-reader"), "%v", names)
	err = vault.Sys().PutPolicy("go-broken", `path "x" { capabilities = ["fly"] }`)
	want(status(err) == 400, "a broken policy: %v", err)
	return nil
}

func tokens(vault *api.Client) error {
	renewable := true
	made, err := vault.Auth().Token().Create(&api.TokenCreateRequest{Policies: []string{"go-reader"}, TTL: "1h", Metadata: map[string]string{"who": "go"}, DisplayName: "tester",
		NumUses: 10, Renewable: &renewable, ExplicitMaxTTL: "3h"})
	must(err)
	want(made.Auth.ClientToken != "" && made.Auth.Accessor != "" && made.Auth.LeaseDuration == 3600 && made.Auth.Renewable, "%+v", made.Auth)
	own := as(vault, made.Auth.ClientToken)
	self, err := own.Auth().Token().LookupSelf()
	must(err)
	want(fmt.Sprint(self.Data["meta"]) == "map[who:go]" && self.Data["display_name"] == "token-tester", "%+v", self.Data)
	renewed, err := own.Auth().Token().RenewSelf(7200)
	must(err)
	want(renewed.Auth.LeaseDuration > 3600, "%+v", renewed.Auth)
	rights, err := own.Sys().CapabilitiesSelf("go-kv/data/x")
	must(err)
	want(fmt.Sprint(rights) == "[read]", "%v", rights)
	_, err = own.KVv2("go-kv").Put(ctx, "x", map[string]any{"a": "b"})
	want(status(err) == 403 && strings.Contains(err.Error(), "permission denied"), "%v", err)
	byAccessor, err := vault.Auth().Token().LookupAccessor(made.Auth.Accessor)
	must(err)
	want(byAccessor.Data["id"] == "", "an accessor tells the token: %+v", byAccessor.Data)
	must(vault.Auth().Token().RevokeAccessor(made.Auth.Accessor))
	_, err = own.Auth().Token().LookupSelf()
	want(status(err) == 403, "after the end: %v", err)
	periodic, err := vault.Auth().Token().CreateOrphan(&api.TokenCreateRequest{Policies: []string{"default"}, Period: "30m"})
	must(err)
	want(periodic.Auth.Orphan && periodic.Auth.LeaseDuration == 1800, "%+v", periodic.Auth)
	batch, err := vault.Auth().Token().Create(&api.TokenCreateRequest{Policies: []string{"default"}, Type: "batch", TTL: "10m"})
	must(err)
	want(strings.HasPrefix(batch.Auth.ClientToken, "hvb."), "%v", batch.Auth.ClientToken)
	return nil
}

func roles(vault *api.Client) error {
	_, err := vault.Logical().Write("auth/token/roles/go-role", map[string]any{"allowed_policies": "go-reader", "orphan": true, "token_period": "1h"})
	must(err)
	made, err := vault.Auth().Token().CreateWithRole(&api.TokenCreateRequest{Policies: []string{"go-reader"}}, "go-role")
	must(err)
	want(made.Auth.Orphan && made.Auth.LeaseDuration == 3600, "%+v", made.Auth)
	_, err = vault.Auth().Token().CreateWithRole(&api.TokenCreateRequest{Policies: []string{"root"}}, "go-role")
	want(status(err) == 400, "a policy beyond the role's: %v", err)
	return nil
}

func watcher(vault *api.Client) error {
	made, err := vault.Auth().Token().Create(&api.TokenCreateRequest{Policies: []string{"default"}, TTL: "4s", Period: "4s"})
	must(err)
	own := as(vault, made.Auth.ClientToken)
	watch, err := own.NewLifetimeWatcher(&api.LifetimeWatcherInput{Secret: made})
	must(err)
	go watch.Start()
	defer watch.Stop()
	select {
	case <-watch.RenewCh():
		return nil
	case err = <-watch.DoneCh():
		return fmt.Errorf("ended: %v", err)
	case <-time.After(10 * time.Second):
		return errors.New("nothing was renewed")
	}
}

func wrapping(vault *api.Client) error {
	other, err := vault.Clone()
	must(err)
	other.SetToken(vault.Token())
	other.SetWrappingLookupFunc(func(string, string) string { return "2m" })
	_, err = vault.KVv2("go-kv").Put(ctx, "wrapped", map[string]any{"a": "b"})
	must(err)
	wrapped, err := other.Logical().Read("go-kv/data/wrapped")
	must(err)
	want(wrapped.WrapInfo != nil && wrapped.WrapInfo.TTL == 120 && wrapped.Data == nil, "%+v", wrapped)
	opened, err := vault.Logical().Unwrap(wrapped.WrapInfo.Token)
	must(err)
	want(fmt.Sprint(opened.Data["data"]) == "map[a:b]", "%+v", opened.Data)
	_, err = vault.Logical().Unwrap(wrapped.WrapInfo.Token)
	want(status(err) == 400 && strings.Contains(err.Error(), "wrapping token is not valid or does not exist"), "unwrapped twice: %v", err)
	return nil
}

func cubbyhole(vault *api.Client) error {
	_, err := vault.Logical().Write("cubbyhole/mine", map[string]any{"a": "b"})
	must(err)
	read, err := vault.Logical().Read("cubbyhole/mine")
	must(err)
	want(read.Data["a"] == "b", "%+v", read.Data)
	made, err := vault.Auth().Token().Create(&api.TokenCreateRequest{Policies: []string{"default"}})
	must(err)
	nothing, err := as(vault, made.Auth.ClientToken).Logical().Read("cubbyhole/mine")
	want(nothing == nil && err == nil, "another's cubbyhole: %+v %v", nothing, err)
	return nil
}

func appRole(vault *api.Client) error {
	must(vault.Sys().EnableAuthWithOptions("go-approle", &api.EnableAuthOptions{Type: "approle"}))
	_, err := vault.Logical().Write("auth/go-approle/role/app", map[string]any{"token_policies": "go-reader", "token_ttl": "20m", "secret_id_num_uses": 5})
	must(err)
	role, err := vault.Logical().Read("auth/go-approle/role/app/role-id")
	must(err)
	secret, err := vault.Logical().Write("auth/go-approle/role/app/secret-id", nil)
	must(err)
	method, err := approle.NewAppRoleAuth(role.Data["role_id"].(string), &approle.SecretID{FromString: secret.Data["secret_id"].(string)}, approle.WithMountPath("go-approle"))
	must(err)
	logged, err := as(vault, "").Auth().Login(ctx, method)
	must(err)
	want(logged.Auth.LeaseDuration == 1200 && fmt.Sprint(logged.Auth.Policies) == "[default go-reader]", "%+v", logged.Auth)
	want(logged.Auth.Metadata["role_name"] == "app", "%+v", logged.Auth.Metadata)
	return nil
}

func wrappedSecretID(vault *api.Client) error {
	other, err := vault.Clone()
	must(err)
	other.SetToken(vault.Token())
	other.SetWrappingLookupFunc(func(string, string) string { return "5m" })
	role, err := vault.Logical().Read("auth/go-approle/role/app/role-id")
	must(err)
	wrapped, err := other.Logical().Write("auth/go-approle/role/app/secret-id", nil)
	must(err)
	method, err := approle.NewAppRoleAuth(role.Data["role_id"].(string), &approle.SecretID{FromString: wrapped.WrapInfo.Token}, approle.WithMountPath("go-approle"), approle.WithWrappingToken())
	must(err)
	logged, err := as(vault, "").Auth().Login(ctx, method)
	must(err)
	want(logged.Auth.ClientToken != "", "%+v", logged.Auth)
	return nil
}

func userPass(vault *api.Client) error {
	must(vault.Sys().EnableAuthWithOptions("go-users", &api.EnableAuthOptions{Type: "userpass"}))
	_, err := vault.Logical().Write("auth/go-users/users/ada", map[string]any{"password": "correct horse", "token_policies": "go-reader"})
	must(err)
	method, err := userpass.NewUserpassAuth("ada", &userpass.Password{FromString: "correct horse"}, userpass.WithMountPath("go-users"))
	must(err)
	logged, err := as(vault, "").Auth().Login(ctx, method)
	must(err)
	want(logged.Auth.Metadata["username"] == "ada", "%+v", logged.Auth)
	method, err = userpass.NewUserpassAuth("ada", &userpass.Password{FromString: "wrong"}, userpass.WithMountPath("go-users"))
	must(err)
	_, err = as(vault, "").Auth().Login(ctx, method)
	want(status(err) == 400 && strings.Contains(err.Error(), "invalid username or password"), "%v", err)
	auths, err := vault.Sys().ListAuth()
	must(err)
	want(auths["go-users/"] != nil && auths["token/"] != nil, "%v", auths)
	must(vault.Sys().DisableAuth("go-users"))
	return nil
}

func transit(vault *api.Client) error {
	must(vault.Sys().Mount("go-transit", &api.MountInput{Type: "transit"}))
	_, err := vault.Logical().Write("go-transit/keys/k", map[string]any{"type": "aes256-gcm96"})
	must(err)
	plain := base64.StdEncoding.EncodeToString([]byte("a word"))
	sealed, err := vault.Logical().Write("go-transit/encrypt/k", map[string]any{"plaintext": plain})
	must(err)
	want(strings.HasPrefix(sealed.Data["ciphertext"].(string), "vault:v1:"), "%v", sealed.Data)
	_, err = vault.Logical().Write("go-transit/keys/k/rotate", nil)
	must(err)
	again, err := vault.Logical().Write("go-transit/rewrap/k", map[string]any{"ciphertext": sealed.Data["ciphertext"]})
	must(err)
	want(strings.HasPrefix(again.Data["ciphertext"].(string), "vault:v2:"), "%v", again.Data)
	opened, err := vault.Logical().Write("go-transit/decrypt/k", map[string]any{"ciphertext": again.Data["ciphertext"]})
	must(err)
	want(opened.Data["plaintext"] == plain, "%v", opened.Data)
	return nil
}

func leases(vault *api.Client) error {
	_, err := vault.Sys().Lookup("no/such/lease")
	want(status(err) == 400, "an unknown lease: %v", err)
	must(vault.Sys().RevokePrefix("go-kv/none"))
	return nil
}

func audit(vault *api.Client) error {
	list, err := vault.Sys().ListAudit()
	must(err)
	want(len(list) == 0, "%v", list)
	return nil
}

func rotate(vault *api.Client) error {
	before, err := vault.Sys().KeyStatus()
	must(err)
	must(vault.Sys().Rotate())
	after, err := vault.Sys().KeyStatus()
	must(err)
	want(after.Term == before.Term+1, "%v %v", before.Term, after.Term)
	return nil
}

// An archive as the client's own RaftSnapshot wants it, over more than one part, whose sums are right.
func snapshot(vault *api.Client) error {
	must(vault.Sys().Mount("snapshot-kv", &api.MountInput{Type: "kv"}))
	for i := 0; i < 6; i++ {
		_, err := vault.Logical().Write(fmt.Sprintf("snapshot-kv/large%d", i), map[string]any{"value": strings.Repeat("z", 1500000)})
		must(err)
	}
	var taken bytes.Buffer
	must(vault.Sys().RaftSnapshot(&taken))
	want(taken.Len() > 8<<20, "%d bytes", taken.Len())
	unpacked, err := gzip.NewReader(&taken)
	must(err)
	sums, files := map[string]string{}, tar.NewReader(unpacked)
	for header, err := files.Next(); err != io.EOF; header, err = files.Next() {
		must(err)
		content, err := io.ReadAll(files)
		must(err)
		sum := sha256.Sum256(content)
		sums[header.Name] = hex.EncodeToString(sum[:])
		if header.Name == "state.bin" {
			want(bytes.HasPrefix(content, []byte("SQLite format 3\x00")) && len(content) > 8<<20, "%d bytes", len(content))
		}
		if header.Name == "SHA256SUMS" {
			want(string(content) == fmt.Sprintf("%s  meta.json\n%s  state.bin\n", sums["meta.json"], sums["state.bin"]), "%s", content)
		}
	}
	want(len(sums) == 4, "%v", sums)
	return nil
}

// The last check: nothing is written afterwards before the ledger is reopened.
func restore(vault *api.Client) error {
	var taken bytes.Buffer
	must(vault.Sys().RaftSnapshot(&taken))
	_, err := vault.Logical().Write("snapshot-kv/late", map[string]any{"value": "x"})
	must(err)
	err = vault.Sys().RaftSnapshotRestore(bytes.NewReader(taken.Bytes()[:taken.Len()-600]), true)
	want(err != nil && strings.Contains(err.Error(), "no whole snapshot"), "%v", err)
	must(vault.Sys().RaftSnapshotRestore(bytes.NewReader(taken.Bytes()), false))
	state, err := vault.Sys().Unseal(os.Getenv("UNSEAL_KEY"))
	must(err)
	want(!state.Sealed, "%+v", state)
	late, err := vault.Logical().Read("snapshot-kv/late")
	want(late == nil && err == nil, "%v %v", late, err)
	large, err := vault.Logical().Read("snapshot-kv/large5")
	must(err)
	want(len(large.Data["value"].(string)) == 1500000, "%d bytes", len(large.Data["value"].(string)))
	return nil
}

func plumbing(vault *api.Client) error {
	answer, err := vault.Logical().ReadRaw("sys/nothing-here")
	want(answer != nil && answer.StatusCode == http.StatusNotFound && err != nil, "%v", err)
	generated, err := vault.Logical().Write("sys/tools/random/16", map[string]any{"format": "hex"})
	must(err)
	want(len(generated.Data["random_bytes"].(string)) == 32, "%v", generated.Data)
	return nil
}

func generateRoot(vault *api.Client) error {
	state, err := vault.Sys().GenerateRootStatus()
	must(err)
	want(!state.Started && state.OTPLength > 0, "%+v", state)
	begun, err := vault.Sys().GenerateRootInit("", "")
	must(err)
	want(begun.Started && len(begun.OTP) == begun.OTPLength && begun.Nonce != "", "%+v", begun)
	must(vault.Sys().GenerateRootCancel())
	return nil
}

func run(c check, vault *api.Client) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("%v", reason)
		}
	}()
	return c.run(vault)
}

func main() {
	vault, err := api.NewClient(api.DefaultConfig())
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	checks := []check{{"health and seal", health}, {"mounts are listed and tuned", mounts}, {"kv version 2", kv2}, {"kv version 1, and what is not there", kv1}, {"a mount moves with its secrets", remount},
		{"policies", policies}, {"tokens", tokens}, {"token roles", roles}, {"a lifetime watcher renews", watcher}, {"wrapping", wrapping}, {"a cubbyhole is its token's", cubbyhole}, {"approle", appRole},
		{"approle with a wrapped secret id", wrappedSecretID}, {"userpass", userPass}, {"transit", transit}, {"leases", leases}, {"audit devices", audit}, {"rotation", rotate}, {"snapshot", snapshot},
		{"errors and tools", plumbing}, {"generate-root", generateRoot}, {"restore", restore}}
	failed := 0
	for _, c := range checks {
		if err := run(c, vault); err != nil {
			failed++
			fmt.Printf("FAIL %s: %v\n", c.name, err)
		} else {
			fmt.Printf("ok   %s\n", c.name)
		}
	}
	fmt.Printf("%d passed, %d failed\n", len(checks)-failed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}
