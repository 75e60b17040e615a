/** Whose data, and who acts: the company of the transaction and the user (null for the system). */
export interface Tenant {
  companyId: string;
  userId: string | null;
  /** By which key the user acts; undefined for a session. */
  apiKeyId?: string;
}
