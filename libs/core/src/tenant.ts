/** Whose data, and who acts: the company of the transaction and the user (null for the system). */
export interface Tenant {
  companyId: string;
  userId: string | null;
}
