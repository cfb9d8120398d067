/** Numbers of the VRRP protocol (RFC 3768, RFC 9568). */

/** The IP protocol of adverts. */
export const VRRP_PROTOCOL = 112;
/** TTL or hop limit of a sender on the same link. A router lowers it (RFC 9568 section 5.1.1.3). */
export const DIRECT_TTL = 255;
export const MULTICAST_GROUP = { ipv4: "224.0.0.18", ipv6: "ff02::12" } as const;

export const AUTH_NONE = 0;
export const AUTH_SIMPLE = 1;
/** VRRPv2 carries this much of a password. */
export const PASSWORD_BYTES = 8;
