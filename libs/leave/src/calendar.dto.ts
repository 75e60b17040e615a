import { Text } from '#core';

const TOKEN = { example: '3f2b8c1e-6f0a-4c55-9d6e-1b2f7a9c4d10.pXk3…' };

export class CalendarTokenView {
  @Text(100, { ...TOKEN, description: 'Shown this once.' }) token!: string;
  @Text(4000, { example: 'https://time.example.com/api/v1/leave-calendar.ics?token=…', description: 'The feed, for a calendar program.' })
  url!: string;
}

export class CalendarFeedQuery {
  @Text(4000, TOKEN) token!: string;
}
