/** The advert with which an owner releases the VIPs, as this host's own keepalived accepts it. No other host gets it. */
import type { Instance } from "../vrrp/instance.ts";
import { bytesOfAddress, checksumOf, pseudoHeader, word } from "../vrrp/packet.ts";
import { AUTH_NONE, AUTH_SIMPLE, PASSWORD_BYTES, VRRP_PROTOCOL } from "../vrrp/protocol.ts";
import { directVrrpPacket } from "../wire/direct-packet.ts";
import type { AdvertPath } from "./advert-path.ts";

const RELEASES = 0;
/** The field of VRRPv3 has 12 bits, in hundredths of a second. */
const MAX_INTERVAL = 0xfff;

/** The whole packet as hex digits. @param owner the address that the owner sends from. */
export function releaseAdvert(instance: Instance, { destination, ttl }: AdvertPath, owner: string): string {
  const payload = instance.vrrpVersion === 2 ? version2 : version3;
  const withoutChecksum = payload(instance, 0);
  const pseudo =
    instance.vrrpVersion === 2 ? [] : pseudoHeader(owner, destination, VRRP_PROTOCOL, withoutChecksum.length);
  const checksum = checksumOf([...pseudo, ...withoutChecksum]);
  return directVrrpPacket(owner, destination, payload(instance, checksum), ttl);
}

function version3(
  { virtualRouterId, advertIntervalSeconds, firstVip }: Instance,
  checksum: number,
): number[] {
  const interval = Math.min(MAX_INTERVAL, Math.round(100 * advertIntervalSeconds));
  const vip = bytesOfAddress(firstVip.address);
  return [0x31, virtualRouterId, RELEASES, 1, ...word(interval), ...word(checksum), ...vip];
}

function version2(instance: Instance, checksum: number): number[] {
  const { virtualRouterId, advertIntervalSeconds, firstVip, authPass } = instance;
  const password = [...new TextEncoder().encode(authPass ?? "")];
  // the field is there without a password, too
  const padded = Array.from({ length: PASSWORD_BYTES }, (_, at) => password[at] ?? 0);
  const terms = [authPass === undefined ? AUTH_NONE : AUTH_SIMPLE, advertIntervalSeconds];
  const vip = bytesOfAddress(firstVip.address);
  return [0x21, virtualRouterId, RELEASES, 1, ...terms, ...word(checksum), ...vip, ...padded];
}
