/** What are the roles called, and as what does somebody stand on the list of the team? */

import { say } from "../resident/page";
import type { Role } from "../wb1/manifest";

const LISTED: Role[] = ["coordinator", "worker", "trainee"];

export const roleText = (role: string): string => say(`role_${role}`);
export const rolesText = (roles: string[]): string => roles.map(roleText).join(", ");

/** The role that a resident's page knows; undefined for who talks with nobody. */
export function listedRole(roles: string[]): Role | undefined {
  return LISTED.find((role) => roles.includes(role));
}
