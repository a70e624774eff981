// Creates an image as a sender's backend does, and prints its URL: node client.js HOST KEY
const axios = require('axios');

const [host, key] = process.argv.slice(2);

async function generateImage() {
  try {
    const response = await axios.post(
      `${host}/v1/images`,
      {
        template_id: 'welcome',
        modifications: [
          { name: 'user_name', text: 'Alex Rivera' },
          { name: 'discount_code', text: 'SAVE25NOW' },
          { name: 'profile_picture', image_url: 'asset:dot' }
        ],
        format: 'png'
      },
      {
        headers: {
          Authorization: `Bearer ${key}`,
          'Content-Type': 'application/json'
        }
      }
    );
    console.log(response.data.url);
  } catch (error) {
    console.error(JSON.stringify(error.response.data));
  }
}

generateImage();
