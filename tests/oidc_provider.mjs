/** A certified provider of OpenID Connect for the tests: any name signs in; a file says who is in which groups. */
import { readFileSync } from "node:fs";
import Provider from "oidc-provider";

const [port, callback, groupsFile] = process.argv.slice(2);

function claimsOf(name) {
  const groups = JSON.parse(readFileSync(groupsFile, "utf8"))[name] ?? [];
  return { sub: name, preferred_username: name, email: `${name}@example.org`, given_name: name, groups };
}

const provider = new Provider(`http://localhost:${port}`, {
  clients: [{ client_id: "ems", client_secret: "a-secret", redirect_uris: [callback] }],
  claims: { openid: ["sub", "groups"], profile: ["preferred_username", "given_name"], email: ["email"] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
  findAccount: (_context, name) => ({ accountId: name, claims: () => claimsOf(name) }),
});
provider.listen(Number(port), "127.0.0.1", () => console.log("listening"));
