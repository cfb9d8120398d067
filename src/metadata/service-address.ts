/** The address of the metadata service, by METADATA_URL. */
import { canonicalAddress } from "../network/address.ts";

/** The address that Rancher's names for the service, such as `rancher-metadata`, lead to. */
const RANCHER_METADATA = "169.254.169.250";

/** The address in METADATA_URL, canonical. Undefined where the URL has a name. */
export function literalAddress(metadataUrl: string): string | undefined {
  return canonicalAddress(new URL(metadataUrl).hostname.replace(/^\[|\]$/g, ""));
}

/** The address that METADATA_URL leads to, where Rancher runs the service. Undefined where METADATA_URL is `off`. */
export function metadataAddress(metadataUrl: string | undefined): string | undefined {
  return metadataUrl === undefined ? undefined : (literalAddress(metadataUrl) ?? RANCHER_METADATA);
}
