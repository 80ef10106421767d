import { scrypt, randomBytes, createHash, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { d as database } from "./database.js";
const HOURS = 12;
const derive = promisify(scrypt);
async function begin(name, password) {
  const user = await database.user.findUnique({ where: { name } });
  if (!user || !await matches(password, user.passwordHash)) return null;
  const token = randomBytes(32).toString("base64url");
  const expiresAt = new Date(Date.now() + HOURS * 36e5);
  await database.session.create({ data: { tokenHash: hashOf(token), userId: user.id, expiresAt } });
  return { token, userId: user.id };
}
async function userOf(token) {
  const session = await database.session.findUnique({ where: { tokenHash: hashOf(token) }, include: { user: true } });
  return session && session.expiresAt > /* @__PURE__ */ new Date() ? { id: session.user.id, name: session.user.name } : null;
}
async function end(token) {
  await database.session.deleteMany({ where: { tokenHash: hashOf(token) } });
}
async function matches(password, stored) {
  const [salt, hash] = stored.split(":").map((part) => Buffer.from(part, "hex"));
  return timingSafeEqual(await derive(password, salt, hash.length), hash);
}
function hashOf(token) {
  return createHash("sha256").update(token).digest("hex");
}
export {
  begin as b,
  end as e,
  userOf as u
};
