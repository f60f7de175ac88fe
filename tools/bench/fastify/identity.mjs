// Who is calling: the one bearer header, and the claims that the platform's front put into the principal header.

const PRINCIPAL = 'x-ms-client-principal';
const LONGEST = 16 * 1024;
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const SPELLINGS = {
  object: ['oid', 'http://schemas.microsoft.com/identity/claims/objectidentifier'],
  tenant: ['tid', 'http://schemas.microsoft.com/identity/claims/tenantid'],
  subject: ['sub', 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier'],
  scope: ['scp', 'http://schemas.microsoft.com/identity/claims/scope'],
  issuer: ['iss'],
  audience: ['aud'],
  client: ['azp', 'appid'],
  kind: ['idtyp'],
  version: ['ver'],
};
const NAMED = new Map(Object.entries(SPELLINGS).flatMap(([name, all]) => all.map((typ) => [typ, name])));

/** The caller, or null for a request whose evidence is not there exactly once, well formed, and in agreement. */
export function caller(request, requiredScope) {
  const headers = request.raw.headersDistinct;
  if (!bearer(headers.authorization)) return null;
  for (const hint of ['x-ms-client-principal-id', 'x-ms-client-principal-name']) {
    if (headers[hint]?.length > 1) return null;
  }
  const provider = headers['x-ms-client-principal-idp'];
  if (provider && (provider.length > 1 || provider[0] !== 'aad')) return null;
  const claims = principal(headers[PRINCIPAL]);
  if (!claims || !GUID.test(claims.tenant ?? '') || !GUID.test(claims.object ?? '')) return null;
  if (!claims.scope || (claims.kind ?? 'user') !== 'user') return null;
  return { tenant: claims.tenant, object: claims.object, inScope: claims.scope.split(' ').includes(requiredScope) };
}

function bearer(values) {
  if (values?.length !== 1) return false;
  const [scheme, token, rest] = values[0].split(' ');
  return /^bearer$/i.test(scheme) && rest === undefined && token?.length <= LONGEST && B64TOKEN.test(token);
}

/** The claims that mean something to us, each with one value; null unless the header is there once and well formed. */
function principal(values) {
  if (values?.length !== 1 || values[0].length > LONGEST || !BASE64.test(values[0])) return null;
  let document;
  try {
    document = JSON.parse(Buffer.from(values[0], 'base64').toString('utf8'));
  } catch {
    return null;
  }
  if (document?.auth_typ !== 'aad' || !Array.isArray(document.claims) || document.claims.length > 512) return null;
  const known = {};
  for (const { typ, val } of document.claims) {
    if (typeof typ !== 'string' || typeof val !== 'string' || typ.length > 256 || val.length > 4096) return null;
    const name = NAMED.get(typ);
    if (!name) continue;
    if (known[name] !== undefined && known[name] !== val) return null;
    known[name] = val;
  }
  return known;
}
