/** Runs one function of src/network/io/iproute.ts in the namespace that iproute.test.ts made. */
import {
  addAddress,
  deleteAddress,
  findAddresses,
  observeAddresses,
  readNetwork,
} from "../../../src/network/io/iproute.ts";

const [what, argument = ""] = process.argv.slice(2);
const answers: Readonly<Record<string, () => Promise<unknown>>> = {
  read: () => readNetwork(argument === "" ? undefined : argument),
  find: () => findAddresses(new Set([argument])),
  observe: async () => {
    const { held, linksUp } = await observeAddresses(new Set([argument]));
    return { held, linksUp: [...linksUp] };
  },
  add: async () => (await addAddress(JSON.parse(argument))) ?? null,
  delete: async () => {
    await deleteAddress(JSON.parse(argument));
    return null;
  },
};
process.stdout.write(JSON.stringify(await answers[what ?? ""]?.()));
