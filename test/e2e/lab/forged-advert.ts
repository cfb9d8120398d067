/** VRRP adverts over IPv4 as whoever forges them writes them: every field at will, with the checksums right. */

export interface ForgedAdvert {
  readonly source: string;
  readonly destination: string;
  /** 255, as of a neighbour, unless told. */
  readonly ttl?: number;
  /** 3 unless told. */
  readonly version?: 2 | 3;
  readonly virtualRouterId: number;
  readonly priority: number;
  readonly vip: string;
  /** VRRPv2 with simple authentication; without it there is none. */
  readonly authPass?: string;
  /** 20, as the lab's agents send, unless told. VRRPv3 alone. */
  readonly intervalCentiseconds?: number;
}

const IP_HEADER_BYTES = 20;
const PROTOCOL = 112;
/** Of the adverts: the lab's agents send as often. */
const INTERVAL_CENTISECONDS = 20;
const INTERVAL_SECONDS = 1;

/** The whole packet; the kernel adds length and checksum of the IP header when it sends it. */
export function forge(advert: ForgedAdvert): Buffer {
  const addresses = Buffer.concat([octets(advert.source), octets(advert.destination)]);
  const message = advert.version === 2 ? secondVersion(advert) : thirdVersion(advert, addresses);
  const header = Buffer.alloc(IP_HEADER_BYTES);
  header.writeUInt8(0x45, 0);
  header.writeUInt8(advert.ttl ?? 255, 8);
  header.writeUInt8(PROTOCOL, 9);
  addresses.copy(header, 12);
  return Buffer.concat([header, message]);
}

function thirdVersion(advert: ForgedAdvert, addresses: Buffer): Buffer {
  const message = Buffer.concat([
    firstBytes(0x31, advert),
    uint16(advert.intervalCentiseconds ?? INTERVAL_CENTISECONDS),
    uint16(0),
    octets(advert.vip),
  ]);
  const pseudoHeader = Buffer.concat([addresses, uint16(PROTOCOL), uint16(message.length)]);
  message.writeUInt16BE(checksum(Buffer.concat([pseudoHeader, message])), 6);
  return message;
}

function secondVersion(advert: ForgedAdvert): Buffer {
  const { authPass } = advert;
  const kind = Buffer.from([authPass === undefined ? 0 : 1, INTERVAL_SECONDS]);
  const password = Buffer.alloc(8);
  password.write(authPass ?? "");
  const message = Buffer.concat([firstBytes(0x21, advert), kind, uint16(0), octets(advert.vip), password]);
  message.writeUInt16BE(checksum(message), 6);
  return message;
}

/** @param versionAndType one byte. */
function firstBytes(versionAndType: number, { virtualRouterId, priority }: ForgedAdvert): Buffer {
  return Buffer.from([versionAndType, virtualRouterId, priority, 1]);
}

function octets(address: string): Buffer {
  return Buffer.from(address.split(".").map(Number));
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

/** RFC 1071; all messages here have an even length. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
