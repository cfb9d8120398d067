/** The chain in which Rancher 0.x to 1.6 publishes the ports of containers. */
export const RANCHER_CHAIN = "CATTLE_PREROUTING";
