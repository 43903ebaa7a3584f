/** The first snippet of README.md. */
// #region key
import { Client } from 'fetch-valet';

const weather = new Client(process.env.WEATHER_API_KEY, { baseUrl: 'https://api.weather.example/v1' });
const oslo = await weather.get('current', { searchParams: { q: 'Oslo' } }).json<Weather>();
// #endregion

interface Weather {
  readonly temperature: number;
}

console.log(`Oslo: ${oslo.temperature} degrees`);
